// The peer: Go's own HTTP server that decodes the same JSON and promises nothing.
package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
)

type event struct {
	Event       string         `json:"event"`
	ID          string         `json:"id"`
	TS          float64        `json:"ts"`
	SentAt      float64        `json:"sent_at"`
	URL         string         `json:"url"`
	Ref         string         `json:"ref"`
	SID         string         `json:"sid"`
	UTMSource   string         `json:"utm_source"`
	UTMMedium   string         `json:"utm_medium"`
	UTMCampaign string         `json:"utm_campaign"`
	Props       map[string]any `json:"props"`
}

func main() {
	http.HandleFunc("/", func(out http.ResponseWriter, in *http.Request) {
		body, err := io.ReadAll(in.Body)
		var decoded event
		if err == nil && len(body) > 0 {
			err = json.Unmarshal(body, &decoded)
		}
		if err != nil {
			out.WriteHeader(http.StatusBadRequest)
			return
		}
		out.WriteHeader(http.StatusNoContent)
	})
	if err := http.ListenAndServe("127.0.0.1:"+os.Args[1], nil); err != nil {
		panic(err)
	}
}
