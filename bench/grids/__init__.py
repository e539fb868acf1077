"""The grids that come with the project."""
