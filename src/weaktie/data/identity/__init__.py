"""Who is one person: identifiers, links between them, and the map from one to the other."""
