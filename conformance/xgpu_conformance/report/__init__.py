"""What is made of reports: a page, a comparison of two, a badge."""
