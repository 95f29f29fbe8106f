package main

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	_ "github.com/cosi-project/runtime/api/v1alpha1"
	_ "github.com/siderolabs/talos/pkg/machinery/api/cluster"
	_ "github.com/siderolabs/talos/pkg/machinery/api/common"
	_ "github.com/siderolabs/talos/pkg/machinery/api/inspect"
	_ "github.com/siderolabs/talos/pkg/machinery/api/machine"
	_ "github.com/siderolabs/talos/pkg/machinery/api/resource/config"
	_ "github.com/siderolabs/talos/pkg/machinery/api/resource/definitions/block"
	_ "github.com/siderolabs/talos/pkg/machinery/api/resource/definitions/cluster"
	_ "github.com/siderolabs/talos/pkg/machinery/api/resource/definitions/enums"
	_ "github.com/siderolabs/talos/pkg/machinery/api/resource/definitions/extensions"
	_ "github.com/siderolabs/talos/pkg/machinery/api/resource/definitions/hardware"
	_ "github.com/siderolabs/talos/pkg/machinery/api/resource/definitions/network"
	_ "github.com/siderolabs/talos/pkg/machinery/api/resource/definitions/runtime"
	_ "github.com/siderolabs/talos/pkg/machinery/api/resource/definitions/secrets"
	_ "github.com/siderolabs/talos/pkg/machinery/api/resource/definitions/time"
	_ "github.com/siderolabs/talos/pkg/machinery/api/resource/definitions/v1alpha1"
	_ "github.com/siderolabs/talos/pkg/machinery/api/security"
	_ "github.com/siderolabs/talos/pkg/machinery/api/storage"
	_ "github.com/siderolabs/talos/pkg/machinery/api/time"
)

var packages = []protoreflect.FullName{
	"cluster", "common", "cosi.resource", "cosi.resource.meta", "google.rpc", "inspect",
	"machine", "resource.config", "securityapi", "storage", "time",
}

// definitions are those of the specs of resources.
const definitions = "talos.resource.definitions."

// printDescriptors prints what the wire can tell apart, in the form of api/wire-shape.ts.
func printDescriptors() error {
	var lines []string

	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if slices.Contains(packages, file.Package()) || strings.HasPrefix(string(file.Package()), definitions) {
			lines = append(lines, services(file.Services())...)
			lines = append(lines, messages(file.Messages())...)
			lines = append(lines, enums(file.Enums())...)
		}

		return true
	})

	slices.Sort(lines)
	fmt.Println(strings.Join(lines, "\n"))

	return nil
}

func services(all protoreflect.ServiceDescriptors) (lines []string) {
	for i := range all.Len() {
		for j := range all.Get(i).Methods().Len() {
			method := all.Get(i).Methods().Get(j)
			lines = append(lines, fmt.Sprintf("rpc %s.%s %s%s -> %s%s", all.Get(i).FullName(), method.Name(),
				stream(method.IsStreamingClient()), method.Input().FullName(),
				stream(method.IsStreamingServer()), method.Output().FullName()))
		}
	}

	return lines
}

func stream(is bool) string {
	if is {
		return "stream "
	}

	return ""
}

func messages(all protoreflect.MessageDescriptors) (lines []string) {
	for i := range all.Len() {
		message := all.Get(i)
		if message.IsMapEntry() {
			continue
		}

		lines = append(lines, "message "+string(message.FullName()))

		for j := range message.Fields().Len() {
			field := message.Fields().Get(j)
			lines = append(lines, fmt.Sprintf("field %s %d %s", field.FullName(), field.Number(), fieldType(field)))
		}

		lines = append(lines, messages(message.Messages())...)
		lines = append(lines, enums(message.Enums())...)
	}

	return lines
}

func fieldType(field protoreflect.FieldDescriptor) string {
	switch {
	case field.IsMap():
		return fmt.Sprintf("map %s %s", scalar(field.MapKey()), scalar(field.MapValue()))
	case field.IsList():
		return "repeated " + scalar(field)
	case field.HasPresence() && field.Message() == nil && field.ContainingOneof().IsSynthetic():
		return "optional " + scalar(field)
	case field.ContainingOneof() != nil && !field.ContainingOneof().IsSynthetic():
		return fmt.Sprintf("oneof %s %s", field.ContainingOneof().Name(), scalar(field))
	default:
		return scalar(field)
	}
}

func scalar(field protoreflect.FieldDescriptor) string {
	switch {
	case field.Message() != nil:
		return string(field.Message().FullName())
	case field.Enum() != nil:
		return string(field.Enum().FullName())
	default:
		return field.Kind().String()
	}
}

func enums(all protoreflect.EnumDescriptors) (lines []string) {
	for i := range all.Len() {
		for j := range all.Get(i).Values().Len() {
			value := all.Get(i).Values().Get(j)
			lines = append(lines, fmt.Sprintf("value %s.%s %d", all.Get(i).FullName(), value.Name(), value.Number()))
		}
	}

	return lines
}
