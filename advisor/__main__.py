"""`python -m advisor` is the `advisor` command."""

import sys


def main() -> int:
    """Run the command; Ctrl-C is answered in a sentence from the first moment on."""
    try:
        from advisor.cli import main as command
    except KeyboardInterrupt:
        print("advisor: interrupted", file=sys.stderr)
        return 130
    return command()


if __name__ == "__main__":
    sys.exit(main())
