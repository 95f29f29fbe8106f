package main

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"
)

// deepest is how many messages within messages are filled.
const deepest = 2

// printFilled prints every message of the machine API with all of its fields set, each to what its number makes of it.
func printFilled() error {
	var lines []string

	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if slices.Contains(packages, file.Package()) {
			lines = append(lines, filledOf(file.Messages())...)
		}

		return true
	})

	slices.Sort(lines)
	fmt.Println(strings.Join(lines, "\n"))

	return nil
}

func filledOf(all protoreflect.MessageDescriptors) (lines []string) {
	for i := range all.Len() {
		descriptor := all.Get(i)
		if descriptor.IsMapEntry() {
			continue
		}

		message := dynamicpb.NewMessage(descriptor)
		fill(message, 0)

		if bytes, err := (proto.MarshalOptions{Deterministic: true}).Marshal(message); err == nil && len(bytes) > 0 {
			lines = append(lines, fmt.Sprintf("%s %s", descriptor.FullName(), hex.EncodeToString(bytes)))
		}

		lines = append(lines, filledOf(descriptor.Messages())...)
	}

	return lines
}

func fill(message protoreflect.Message, depth int) {
	fields := message.Descriptor().Fields()

	for i := range fields.Len() {
		field := fields.Get(i)

		// Of several that exclude each other, the first.
		if oneof := field.ContainingOneof(); oneof != nil && !oneof.IsSynthetic() && oneof.Fields().Get(0) != field {
			continue
		}

		if field.Message() != nil && !field.IsMap() && depth >= deepest {
			continue
		}

		switch {
		case field.IsMap():
			entries := message.Mutable(field).Map()
			if field.MapValue().Message() == nil {
				entries.Set(valueOf(field.MapKey(), nil, depth).MapKey(), valueOf(field.MapValue(), nil, depth))
			}
		case field.IsList():
			list := message.Mutable(field).List()
			list.Append(valueOf(field, list.NewElement, depth))
			list.Append(valueOf(field, list.NewElement, depth))
		default:
			message.Set(field, valueOf(field, func() protoreflect.Value { return message.NewField(field) }, depth))
		}
	}
}

func valueOf(field protoreflect.FieldDescriptor, empty func() protoreflect.Value, depth int) protoreflect.Value {
	number := int(field.Number())

	switch field.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		value := empty()
		fill(value.Message(), depth+1)

		return value
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(fmt.Sprintf("f%d", number))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte{byte(number), 0xff})
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(leastOf(field.Enum().Values()))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(float64(number) + 0.5)
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(float32(number) + 0.5)
	// Numbers that may be negative are; the others need all of their bits.
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(int32(-number))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(int64(-number))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(0xffffffff - number))
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(uint64(0xffffffffffffffff - uint64(number)))
	}

	panic(fmt.Sprintf("%s is of an unknown kind", field.FullName()))
}

// leastOf is the least number that is not zero: the greatest may be another one in the next release.
func leastOf(values protoreflect.EnumValueDescriptors) (least protoreflect.EnumNumber) {
	for i := range values.Len() {
		if number := values.Get(i).Number(); number > 0 && (least == 0 || number < least) {
			least = number
		}
	}

	return least
}
