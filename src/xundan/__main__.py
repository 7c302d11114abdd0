"""`python -m xundan`, the same as `xundan`."""

from xundan.cli import main

if __name__ == "__main__":
    main()
