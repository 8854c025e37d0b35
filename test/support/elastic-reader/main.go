// Reads NetFlow v9 and IPFIX datagrams with the decoder of Elastic's Filebeat, and prints a JSON object for each flow
// record and each options record: elastic-reader PORT. Ends with its standard input. Knows nothing of flowtap's code.
package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net"
	"os"
	"strconv"

	"github.com/elastic/beats/v7/x-pack/filebeat/input/netflow/decoder"
)

func main() {
	reader, err := decoder.NewDecoder(decoder.NewConfig().WithLogOutput(os.Stderr).WithProtocols("v5", "v9", "ipfix"))
	if err != nil {
		log.Fatal(err)
	}
	port, err := strconv.Atoi(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		log.Fatal(err)
	}
	_ = socket.SetReadBuffer(1 << 23)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	output := json.NewEncoder(os.Stdout)
	memory := make([]byte, 65536)
	for {
		size, from, err := socket.ReadFromUDP(memory)
		if err != nil {
			log.Fatal(err)
		}
		records, err := reader.Read(bytes.NewBuffer(bytes.Clone(memory[:size])), from)
		if err != nil {
			log.Print("cannot be read: ", err)
		}
		for _, record := range records {
			_ = output.Encode(map[string]any{"type": record.Type, "fields": record.Fields})
		}
	}
}
