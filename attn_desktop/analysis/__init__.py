"""From records and corpora to numbers, with numpy only."""
