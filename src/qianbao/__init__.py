"""Qianbao (钱包): a consumer wallet that an operator hosts itself."""

__version__ = "0.1.0"
