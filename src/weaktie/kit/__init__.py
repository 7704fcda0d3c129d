"""The ground floor: clock, ids, money, errors, settings. It knows no business noun."""
