"""Records as programs take them: a zone file, Terraform, OctoDNS. Each holds the same names and values."""
