"""How components are compared: grids, cells, training, scoring, records and reports."""
