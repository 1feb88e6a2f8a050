"""The pages of the test inbox: mail that test keys sent, read instead of delivered."""
