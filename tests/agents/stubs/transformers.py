AutoModel = AutoTokenizer = None
