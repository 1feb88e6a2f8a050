"""What a customer's mail adds up to: counts by hour and day, waits, the month, what is usual."""
