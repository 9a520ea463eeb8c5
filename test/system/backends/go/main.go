// The fixture on Go's net/http. What it has to do stands in ../contract.md.
package main

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

type session struct{ token, said string }

var (
	lock     sync.Mutex
	sessions = map[string]*session{}
	release  = os.Getenv("RELEASE")
)

func random() string {
	bytes := make([]byte, 16)
	if _, err := rand.Read(bytes); err != nil {
		panic(err)
	}
	return hex.EncodeToString(bytes)
}

func found(r *http.Request) *session {
	cookie, err := r.Cookie("app_session")
	if err != nil {
		return nil
	}
	lock.Lock()
	defer lock.Unlock()
	return sessions[cookie.Value]
}

func page(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	of := found(r)
	if of == nil {
		of = &session{token: random()}
		id := random()
		lock.Lock()
		sessions[id] = of
		lock.Unlock()
		http.SetCookie(w, &http.Cookie{Name: "app_session", Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
	text, err := os.ReadFile(os.Getenv("PAGE"))
	if err != nil {
		panic(err)
	}
	http.SetCookie(w, &http.Cookie{Name: "theme", Value: "dark", Path: "/", MaxAge: 3600, SameSite: http.SameSiteLaxMode})
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	io.WriteString(w, strings.ReplaceAll(string(text), "{{token}}", of.token))
}

func done(w http.ResponseWriter, r *http.Request) {
	said := "nothing"
	if of := found(r); of != nil && of.said != "" {
		said = of.said
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<!doctype html><title>done</title><p>%s</p>", html.EscapeString(said))
}

// Whether a write carries the token of its session, as libraries for Go check it.
func signed(w http.ResponseWriter, r *http.Request) *session {
	of := found(r)
	token := r.Header.Get("X-CSRF-Token")
	if token == "" {
		token = r.PostFormValue("authenticity_token")
	}
	if of == nil || subtle.ConstantTimeCompare([]byte(token), []byte(of.token)) != 1 {
		http.Error(w, "token", http.StatusUnprocessableEntity)
		return nil
	}
	return of
}

func say(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(value)
}

func textOf(r *http.Request) string {
	var body struct{ Text string }
	json.NewDecoder(r.Body).Decode(&body)
	return body.Text
}

func notes(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == "GET" || r.Method == "HEAD":
		say(w, 200, map[string]any{"notes": []string{"bread", "café"}})
	case r.Method != "POST":
		http.Error(w, "method", http.StatusMethodNotAllowed)
	case signed(w, r) != nil:
		w.Header().Set("Location", "/api/notes/1")
		say(w, 201, map[string]any{"made": textOf(r)})
	}
}

func note(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method != "PUT" && r.Method != "DELETE":
		http.Error(w, "method", http.StatusMethodNotAllowed)
	case signed(w, r) == nil:
	case r.Method == "PUT":
		say(w, 200, map[string]any{"id": strings.TrimPrefix(r.URL.Path, "/api/notes/"), "text": textOf(r)})
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func form(w http.ResponseWriter, r *http.Request) {
	if of := signed(w, r); of != nil {
		lock.Lock()
		of.said = r.PostFormValue("text")
		lock.Unlock()
		http.Redirect(w, r, "/done", http.StatusSeeOther)
	}
}

func upload(w http.ResponseWriter, r *http.Request) {
	if signed(w, r) == nil {
		return
	}
	file, head, err := r.FormFile("file")
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	hash := sha256.New()
	size, _ := io.Copy(hash, file)
	digest := hex.EncodeToString(hash.Sum(nil))
	say(w, 200, map[string]any{"note": r.FormValue("note"), "name": head.Filename, "size": size, "sha256": digest})
}

func echo(w http.ResponseWriter, r *http.Request) {
	say(w, 200, map[string]any{"target": r.RequestURI, "host": r.Host, "base": "http://" + r.Host})
}

func stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	twoPieces(w, r, "one\n", "two\n")
}

func events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	twoPieces(w, r, "data: one\n\n", "data: two\n\n")
	<-r.Context().Done()
	fmt.Println("gone")
}

func twoPieces(w http.ResponseWriter, r *http.Request, first, second string) {
	io.WriteString(w, first)
	w.(http.Flusher).Flush()
	for r.Context().Err() == nil {
		if _, err := os.Stat(release); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	io.WriteString(w, second)
	w.(http.Flusher).Flush()
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	own := "http://" + listener.Addr().String()
	mux := http.NewServeMux()
	mux.HandleFunc("/", page)
	mux.HandleFunc("/done", done)
	mux.HandleFunc("/api/notes", notes)
	mux.HandleFunc("/api/notes/", note)
	mux.HandleFunc("/api/form", form)
	mux.HandleFunc("/api/upload", upload)
	mux.HandleFunc("/api/stream", stream)
	mux.HandleFunc("/api/events", events)
	mux.HandleFunc("/api/absolute", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, own+"/api/notes?led=1", http.StatusFound)
	})
	mux.HandleFunc("/api/broken", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "broken", http.StatusInternalServerError)
	})
	fmt.Println("port", listener.Addr().(*net.TCPAddr).Port)
	panic(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.RequestURI)
		// The multiplexer answers paths that it would write otherwise with a redirect.
		if strings.HasPrefix(r.RequestURI, "/api/echo/") {
			echo(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})))
}
