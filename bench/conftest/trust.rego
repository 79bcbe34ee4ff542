# What a team without a reviewer might write: two rules on what the plan shows.
package main

import rego.v1

deny contains message if {
	some resource in input.resource_changes
	resource.type == "google_binary_authorization_policy"
	some rule in resource.change.after.default_admission_rule
	rule.evaluation_mode == "ALWAYS_ALLOW"
	message := sprintf("%s: the default rule admits everything", [resource.address])
}

deny contains message if {
	some resource in input.resource_changes
	resource.type == "google_container_cluster"
	not enforces(resource.change.after)
	message := sprintf("%s: the cluster does not enforce the policy", [resource.address])
}

enforces(cluster) if {
	some block in cluster.binary_authorization
	block.evaluation_mode == "PROJECT_SINGLETON_POLICY_ENFORCE"
}
