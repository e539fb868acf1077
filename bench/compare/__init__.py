"""Two runs, cell by cell, from their stored files alone; nothing here imports PyTorch."""
