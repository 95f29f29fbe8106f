package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/cosi-project/runtime/pkg/resource/meta/spec"
)

// printDefinitions reads names of types and prints what upstream derives from each.
func printDefinitions() error {
	names := bufio.NewScanner(os.Stdin)

	for names.Scan() {
		definition := spec.ResourceDefinitionSpec{Type: names.Text()}
		if err := definition.Fill(); err != nil {
			return fmt.Errorf("%s: %w", names.Text(), err)
		}

		fmt.Printf("%s | %s | %s | %s | %s\n", definition.Type, definition.ID(), definition.DisplayType,
			strings.Join(definition.Aliases, " "), strings.Join(definition.AllAliases, " "))
	}

	return names.Err()
}
