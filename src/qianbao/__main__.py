"""`python -m qianbao`."""

from qianbao.cli import main

if __name__ == "__main__":
    main()
