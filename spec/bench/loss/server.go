// As worker.ts, with what Go itself has: `server serve|listen PORT [reusePort]`.
package main

import (
	"context"
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// SO_REUSEPORT of Linux, which package syscall does not name.
const reusePort = 0xf

func main() {
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	listener := listen(os.Args[2], len(os.Args) > 3)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	if os.Args[1] == "serve" {
		serve(listener, stop)
	} else {
		greetAll(listener, stop)
	}
}

// The backlog is that of the system, net.core.somaxconn.
func listen(port string, isShared bool) net.Listener {
	config := net.ListenConfig{Control: func(_, _ string, connection syscall.RawConn) (err error) {
		if !isShared {
			return nil
		}
		failed := connection.Control(func(descriptor uintptr) {
			err = syscall.SetsockoptInt(int(descriptor), syscall.SOL_SOCKET, reusePort, 1)
		})
		if failed != nil {
			return failed
		}
		return err
	}}
	listener, err := config.Listen(context.Background(), "tcp4", "127.0.0.1:"+port)
	must(err)
	return listener
}

func serve(listener net.Listener, stop <-chan os.Signal) {
	server := &http.Server{Handler: http.HandlerFunc(echo)}
	stopped := make(chan error)
	go func() {
		<-stop
		stopped <- server.Shutdown(context.Background())
	}()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		must(err)
	}
	must(<-stopped)
}

func echo(response http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return
	}
	time.Sleep(time.Duration((1 + rand.Float64()*4) * float64(time.Millisecond)))
	response.Header().Set("content-type", "application/json")
	response.Write(body)
}

func greetAll(listener net.Listener, stop <-chan os.Signal) {
	go func() {
		<-stop
		listener.Close()
	}()
	var handlers sync.WaitGroup
	for {
		connection, err := listener.Accept()
		if err != nil {
			break
		}
		handlers.Add(1)
		go func() {
			defer handlers.Done()
			defer connection.Close()
			io.WriteString(connection, "hello")
		}()
	}
	handlers.Wait()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
