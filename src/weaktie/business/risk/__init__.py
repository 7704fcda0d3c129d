"""Risk 风控: who earns a reward honestly; a score with its reasons, a queue for people, appeals, and a watch over itself."""
