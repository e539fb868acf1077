"""Reports, made from a run's stored files alone; nothing here imports PyTorch."""
