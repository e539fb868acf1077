"""The report as one page for a browser, with everything it needs inside; nothing here imports PyTorch."""
