"""Numbers of sRGB and CIE Lab (D65, 2 degrees), with scikit-image's digits; for PyTorch and NumPy alike."""

XYZ_FROM_RGB = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))
"""IEC 61966-2-1: linear sRGB to CIE XYZ."""

WHITE_XYZ = (0.95047, 1.0, 1.08883)
"""XYZ of the D65 white of the 2-degree observer."""
