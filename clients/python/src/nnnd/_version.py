"""The version of the package, which is that of nnnd and nnnctl."""

__version__ = "0.1.0"
