package internet

import (
	"encoding/json"
	"net/http"
	"sync/atomic"
)

// headlines are the news of the stand-in internet.
var headlines = [...]string{
	"Grey seals are back in the estuary", "A lighthouse keeper retires after forty years", "Town votes to keep its wooden bridge",
	"Old orchard found behind the mill", "Record number of storks counted", "The night train runs again", "Museum shows a clock without hands",
}

// feed serves news: a list of items, the first of which is another one each time.
func feed() []Host {
	var asked atomic.Int64
	return []Host{{Name: "feed.example-news.test", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		type item struct {
			Title string `json:"title"`
			URL   string `json:"url"`
		}
		var items []item
		for i := range headlines {
			title := headlines[(int(asked.Load())+i)%len(headlines)]
			items = append(items, item{title, "https://example-news.test/article/" + slug(title)})
		}
		asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(items)
	})}}
}
