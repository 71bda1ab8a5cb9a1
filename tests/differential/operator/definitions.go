package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

// Kinds and their definitions.
type definitions map[string]*definition

// What the API server does with objects of a kind before it stores them.
type definition struct {
	structural *schema.Structural
	validator  validation.SchemaValidator
	rules      *cel.Validator
}

func load(directory string) (definitions, error) {
	files, err := filepath.Glob(filepath.Join(directory, "*.yaml"))
	if err != nil {
		return nil, err
	}
	loaded := definitions{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var resource apiextensionsv1.CustomResourceDefinition
		if err := yaml.Unmarshal(text, &resource); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		definition, err := read(resource)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		loaded[resource.Spec.Names.Kind] = definition
	}
	return loaded, nil
}

func read(resource apiextensionsv1.CustomResourceDefinition) (*definition, error) {
	var internal apiextensions.JSONSchemaProps
	properties := resource.Spec.Versions[0].Schema.OpenAPIV3Schema
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(properties, &internal, nil); err != nil {
		return nil, err
	}
	structural, err := schema.NewStructural(&internal)
	if err != nil {
		return nil, err
	}
	validator, _, err := validation.NewSchemaValidator(&internal)
	if err != nil {
		return nil, err
	}
	rules := cel.NewValidator(structural, true, celconfig.PerCallLimit)
	return &definition{structural: structural, validator: validator, rules: rules}, nil
}

// Prunes and completes the object as the API server does, and says why it would not store it.
func (d *definition) admit(object map[string]any) error {
	pruning.Prune(object, d.structural, true)
	defaulting.PruneNonNullableNullsWithoutDefaults(object, d.structural)
	defaulting.Default(object, d.structural)
	if found := validation.ValidateCustomResource(nil, object, d.validator); len(found) > 0 {
		return found.ToAggregate()
	}
	if d.rules == nil {
		return nil
	}
	found, _ := d.rules.Validate(context.Background(), nil, d.structural, object, nil, celconfig.RuntimeCELCostBudget)
	return found.ToAggregate()
}
