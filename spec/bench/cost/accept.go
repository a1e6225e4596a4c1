// An accept loop with a goroutine for each connection, as a server process; see server.ts.
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"sync/atomic"
	"syscall"
)

var served int64

func answer(connection *net.TCPConn) {
	defer connection.Close()
	atomic.AddInt64(&served, 1)
	if _, err := connection.Write([]byte("hello")); err != nil {
		log.Fatal(err)
	}
	if err := connection.CloseWrite(); err != nil {
		log.Fatal(err)
	}
	// Until the client has ended its side.
	var input [16]byte
	for {
		if _, err := connection.Read(input[:]); err == io.EOF {
			return
		} else if err != nil {
			log.Fatal(err)
		}
	}
}

func accept(listener *net.TCPListener) {
	for {
		connection, err := listener.AcceptTCP()
		if err != nil {
			log.Fatal(err)
		}
		go answer(connection)
	}
}

func microseconds(time syscall.Timeval) int64 {
	return int64(time.Sec)*1_000_000 + int64(time.Usec)
}

func main() {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		log.Fatal(err)
	}
	go accept(listener)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			log.Fatal(err)
		}
		cpu := microseconds(usage.Utime) + microseconds(usage.Stime)
		fmt.Printf("{\"cpu\":%d,\"served\":%d}\n", cpu, atomic.LoadInt64(&served))
	}
}
