word_tokenize = str.split
