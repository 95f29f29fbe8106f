// The other side of the wire: what upstream's own Go code makes of our bytes, and we of its.
//
//	go run . descriptors     every service, message and enum of the machine API, a line each
//	go run . messages        messages with a trap in them: name, what they say, their bytes in hex
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
	default:
		return fmt.Errorf("unknown arguments: %q", args)
	}
}
