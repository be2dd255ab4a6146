// Sends what sdk_test.py asks for, by the CloudEvents SDK for Go.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func newEvent(id string) event.Event {
	at, err := time.Parse(time.RFC3339, os.Getenv("METERGATE_TIME"))
	check(err)
	e := cloudevents.NewEvent()
	e.SetID(id)
	e.SetSource("sdk")
	e.SetType("api.call")
	e.SetSubject("acme")
	e.SetTime(at)
	check(e.SetData(cloudevents.ApplicationJSON, map[string]any{"method": "GET", "endpoint": "/cafés", "status": 200,
		"request_bytes": 10, "response_bytes": 2000, "duration_ms": 12.5}))
	return e
}

func newRequest(body io.Reader) *http.Request {
	request, err := http.NewRequest(http.MethodPost, os.Getenv("METERGATE_URL"), body)
	check(err)
	request.Header.Set("Authorization", "Bearer "+os.Getenv("METERGATE_KEY"))
	return request
}

func post(request *http.Request) {
	answer, err := http.DefaultClient.Do(request)
	check(err)
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		text, _ := io.ReadAll(answer.Body)
		check(fmt.Errorf("%d: %s", answer.StatusCode, text))
	}
}

func send(ctx context.Context, id string) {
	e := newEvent(id)
	request := newRequest(nil)
	check(cehttp.WriteRequest(ctx, binding.ToMessage(&e), request))
	post(request)
}

func main() {
	for n := 0; n < 5; n++ {
		send(binding.WithForceStructured(context.Background()), fmt.Sprintf("structured-%d", n))
		send(binding.WithForceBinary(context.Background()), fmt.Sprintf("binary-%d", n))
	}
	batch := []event.Event{}
	for n := 0; n < 10; n++ {
		batch = append(batch, newEvent(fmt.Sprintf("batch-%d", n)))
	}
	body, err := json.Marshal(batch)
	check(err)
	request := newRequest(bytes.NewReader(body))
	request.Header.Set("Content-Type", event.ApplicationCloudEventsBatchJSON)
	post(request)
}
