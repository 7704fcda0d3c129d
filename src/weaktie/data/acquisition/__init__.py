"""Where new people come from and what they cost: channel links and QR codes, cost import, CAC and quality by channel and code."""
