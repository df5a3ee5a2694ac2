completion = None
