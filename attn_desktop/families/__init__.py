"""Model families, one file each, and the contract that they fulfil."""
