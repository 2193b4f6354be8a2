// SPDX-License-Identifier: MIT
// goroutines.go - a static Go program that uses what the runtime asks of a kernel: threads, futexes, signals that preempt,
// timers, epoll, exec, Unix sockets, memory that grows and is given back.  It prints only what is the same in each run.
package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func check(err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func channels() {
	in, out := make(chan int), make(chan int, 16)
	var all sync.WaitGroup
	for i := 0; i < 100; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := range in {
				out <- n * n
			}
		}()
	}
	go func() {
		for i := 0; i < 10000; i++ {
			in <- i
		}
		close(in)
		all.Wait()
		close(out)
	}()
	sum := 0
	for n := range out {
		sum += n
	}
	fmt.Println("channels", sum)

	var mutex sync.RWMutex
	var spins atomic.Int64
	shared := map[int]int{}
	for i := 0; i < 50; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			for j := 0; j < 100; j++ {
				mutex.Lock()
				shared[j] += i
				mutex.Unlock()
				mutex.RLock()
				spins.Add(int64(shared[j] & 0))
				mutex.RUnlock()
			}
		}(i)
	}
	all.Wait()
	fmt.Println("map", len(shared), shared[99], spins.Load())
}

// A loop without calls can only be preempted by the runtime's SIGURG.
func preemption() {
	var stop atomic.Bool
	done := make(chan bool)
	for i := 0; i < runtime.GOMAXPROCS(0)+1; i++ {
		go func() {
			for !stop.Load() {
			}
			done <- true
		}()
	}
	time.Sleep(30 * time.Millisecond)
	runtime.GC()
	stop.Store(true)
	for i := 0; i < runtime.GOMAXPROCS(0)+1; i++ {
		<-done
	}
	fmt.Println("preempted")
}

func timers() {
	start := time.Now()
	// Late ones may overtake each other; none is early.
	fired := make(chan bool, 3)
	for _, n := range []int{150, 50, 100} {
		after := time.Duration(n) * time.Millisecond
		time.AfterFunc(after, func() { fired <- time.Since(start) >= after })
	}
	fmt.Println("timers", <-fired, <-fired, <-fired, time.Since(start) >= 150*time.Millisecond)
	ticker, ticks := time.NewTicker(5*time.Millisecond), 0
	for range ticker.C {
		if ticks++; ticks == 5 {
			ticker.Stop()
			break
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	select {
	case <-ctx.Done():
		fmt.Println("ticks", ticks, ctx.Err())
	case <-time.After(30 * time.Second):
		fmt.Println("late")
	}
}

func files() {
	dir, err := os.MkdirTemp("", "go")
	check(err)
	defer os.RemoveAll(dir)
	var all sync.WaitGroup
	for i := 0; i < 40; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			name := filepath.Join(dir, fmt.Sprint("d", i%5), fmt.Sprint("f", i))
			check(os.MkdirAll(filepath.Dir(name), 0o750))
			check(os.WriteFile(name, bytes.Repeat([]byte{byte('a' + i%26)}, 1000+i), 0o640))
		}(i)
	}
	all.Wait()
	total, count := int64(0), 0
	check(filepath.Walk(dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			total, count = total+info.Size(), count+1
		}
		return err
	}))
	f, err := os.OpenFile(filepath.Join(dir, "x"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	check(err)
	_, err = f.WriteAt([]byte("there"), 4096)
	check(err)
	buffer := make([]byte, 10)
	n, err := f.ReadAt(buffer, 4096)
	fmt.Println("files", count, total, n, err == io.EOF)
	check(f.Truncate(3))
	check(os.Rename(f.Name(), f.Name()+"2"))
	_, err = os.Stat(f.Name())
	fmt.Println(os.IsNotExist(err), os.Remove(filepath.Join(dir, "d1")) != nil)
	check(f.Close())
}

func processes() {
	var mutex sync.Mutex
	var lines []string
	var all sync.WaitGroup
	for i := 0; i < 20; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			cmd := exec.Command("/bin/sh", "-c", fmt.Sprintf("read x; echo $x %02d; exit %d", i, i%3))
			cmd.Stdin = bytes.NewBufferString("in\n")
			out, err := cmd.Output()
			mutex.Lock()
			lines = append(lines, fmt.Sprintf("%s %v", bytes.TrimSpace(out), err))
			mutex.Unlock()
		}(i)
	}
	all.Wait()
	sort.Strings(lines)
	fmt.Println("exec", lines)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	fmt.Println(exec.CommandContext(ctx, "/bin/sleep", "20").Run())
	fmt.Println(exec.Command("/nothing").Run())
}

func signals() {
	got := make(chan os.Signal, 4)
	signal.Notify(got, syscall.SIGUSR1, syscall.SIGTERM)
	for _, s := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGTERM} {
		check(syscall.Kill(os.Getpid(), s))
		fmt.Println("signal", <-got)
	}
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		var p *int
		*p = 1
	}()
}

// The network poller is epoll.
func sockets() {
	dir, err := os.MkdirTemp("", "go")
	check(err)
	defer os.RemoveAll(dir)
	listener, err := net.Listen("unix", filepath.Join(dir, "s"))
	check(err)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { io.Copy(conn, conn); conn.Close() }()
		}
	}()
	var all sync.WaitGroup
	var echoed atomic.Int64
	for i := 0; i < 30; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			conn, err := net.Dial("unix", listener.Addr().String())
			check(err)
			defer conn.Close()
			reader := bufio.NewReader(conn)
			for j := 0; j < 20; j++ {
				fmt.Fprintf(conn, "%d %d\n", i, j)
				line, err := reader.ReadString('\n')
				check(err)
				echoed.Add(int64(len(line)))
			}
		}(i)
	}
	all.Wait()
	conn, err := net.Dial("unix", listener.Addr().String())
	check(err)
	check(conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond)))
	_, err = conn.Read(make([]byte, 1))
	fmt.Println("sockets", echoed.Load(), os.IsTimeout(err))
	conn.Close()
	listener.Close()
	r, w, err := os.Pipe()
	check(err)
	go func() { time.Sleep(10 * time.Millisecond); w.Write([]byte("piped")); w.Close() }()
	data, err := io.ReadAll(r)
	fmt.Println(string(data), err)
}

// Memory grows to some 100 MB and is collected; locked threads end with their goroutines.
func memory() {
	var keep [][]byte
	for i := 0; i < 400; i++ {
		b := make([]byte, 1<<18)
		b[i] = 1
		if i%8 == 0 {
			keep = append(keep, b)
		}
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Println("memory", len(keep), m.HeapAlloc < 64<<20, m.NumGC > 0)
	var all sync.WaitGroup
	for i := 0; i < 20; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			runtime.LockOSThread()
			time.Sleep(5 * time.Millisecond)
		}()
	}
	all.Wait()
	var depth func(n int) int
	depth = func(n int) int {
		if n == 0 {
			return 0
		}
		return 1 + depth(n-1)
	}
	fmt.Println(depth(100000))
}

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "nil":
			var p *int
			fmt.Println(*p)
		case "throw":
			panic("thrown")
		case "sleep":
			time.Sleep(20 * time.Second)
		}
	}
	channels()
	preemption()
	timers()
	files()
	processes()
	signals()
	sockets()
	memory()
}
