// Apart from iam.ts, which every deployment loads: only signing triggers and federated signers open these.
export { PubsubTopicIamMember } from "@cdktf/provider-google/lib/pubsub-topic-iam-member";
export { ServiceAccountIamMember } from "@cdktf/provider-google/lib/service-account-iam-member";
