"""What can be told of the HTML and the links of a mail by reading them alone; nothing is asked of anybody."""
