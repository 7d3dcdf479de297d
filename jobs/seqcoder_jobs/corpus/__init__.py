"""What a corpus is made of: finding inputs, naming them, reading them."""
