"""What makes the data that is committed: digits, stored results, the tables on the frameworks."""
