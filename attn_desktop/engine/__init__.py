"""The engine process: answers the window's messages on stdin and stdout."""
