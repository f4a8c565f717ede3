"""What routes promise and who may call them, as text, JSON, SARIF and annotations."""
