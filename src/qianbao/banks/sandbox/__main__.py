"""`python -m qianbao.banks.sandbox`: serves the sandbox with the settings of the environment."""

from qianbao.banks.sandbox.app import serve
from qianbao.settings import load

if __name__ == "__main__":
    serve(load())
