// The other side of the wire: what upstream's own Go code makes of our bytes, and we of its.
//
//	go run . descriptors     every service, message and enum of the machine API, a line each
//	go run . messages        messages with a trap in them: name, what they say, their bytes in hex
//	go run . filled          every message of the machine API with all of its fields set: name, bytes in hex
//	go run . definitions     what is derived from each name of a type on standard input
//	go run . read ADDRESS    reads a COSI state as `talosctl get` does
//	go run . operate TALOSCONFIG NODE   does to a machine what operators do
//	go run . node TALOSCONFIG NODE      the same to a real machine, through its restarts to its reset
//	go run . typed TALOSCONFIG NODE     the resources of a machine, by their messages and by their YAML
//	go run . reencoded TALOSCONFIG NODE the same as upstream encodes them: type, id, bytes in hex
//	go run . serve           serves an in-memory COSI state; prints its address; ends with its standard input
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "descriptors":
		return printDescriptors()
	case len(args) == 1 && args[0] == "messages":
		return printMessages()
	case len(args) == 1 && args[0] == "filled":
		return printFilled()
	case len(args) == 1 && args[0] == "definitions":
		return printDefinitions()
	case len(args) == 2 && args[0] == "read":
		return readState(args[1])
	case len(args) == 3 && args[0] == "operate":
		return operate(args[1], args[2])
	case len(args) == 3 && args[0] == "node":
		return operateNode(args[1], args[2])
	case len(args) == 3 && args[0] == "typed":
		return readTyped(args[1], args[2])
	case len(args) == 3 && args[0] == "reencoded":
		return reencode(args[1], args[2])
	case len(args) == 1 && args[0] == "serve":
		return serveState()
	default:
		return fmt.Errorf("unknown arguments: %q", args)
	}
}
