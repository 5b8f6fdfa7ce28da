"""`python -m attn_desktop` is the command `attn-desktop`."""

from attn_desktop.cli.app import main

if __name__ == "__main__":
    main()
