"""A run in the forms that other programs read, from its stored files alone."""
