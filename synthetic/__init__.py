"""Made-up worlds with known laundering, written as the report files that an FIU receives. No real person or bank."""
