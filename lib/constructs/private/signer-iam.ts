// Apart from iam.ts, which every deployment loads: few of them open these.
export { PubsubTopicIamMember } from "@cdktf/provider-google/lib/pubsub-topic-iam-member";
export { SecretManagerSecretIamMember } from "@cdktf/provider-google/lib/secret-manager-secret-iam-member";
export { ServiceAccountIamMember } from "@cdktf/provider-google/lib/service-account-iam-member";
