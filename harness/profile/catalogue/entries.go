package catalogue

var entries = []Entry{}
