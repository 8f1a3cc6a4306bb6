"""What the makers of the course use: running the lessons, and the course as pages and as slides."""
