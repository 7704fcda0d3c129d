"""The private domain 私域: who is reachable in which owned channel and since when, and its figures beside the public's."""
