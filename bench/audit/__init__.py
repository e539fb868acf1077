"""What is in a data set: its files, its duplicates, its grey pictures and its colours."""
