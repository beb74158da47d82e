import java.time.Duration;
import java.util.*;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

/** Talks to a broker with each of Kafka's own clients. What they asked and heard, their own log says (NetworkClient, DEBUG). */
public class Talk {
  static final int RECORDS = 5;

  public static void main(String[] args) throws Exception {
    String server = args[0];
    Map<String, Object> common = Map.of("bootstrap.servers", server);
    try (Admin admin = Admin.create(with(common, "client.id", "j-admin"))) {
      admin.createTopics(List.of(new NewTopic("j-orders", 2, (short) 1), new NewTopic("j-beats", 1, (short) 1))).all().get();
      for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) produce(common, codec, "1");
      produce(common, "none", "0");
      transact(common);
      consume(with(common, "group.protocol", "classic"), "j-classic");
      consume(with(common, "group.protocol", "consumer"), "j-consumer");
      ConfigResource group = new ConfigResource(ConfigResource.Type.GROUP, "j-share");
      admin.incrementalAlterConfigs(Map.of(group, List.of(set("share.auto.offset.reset", "earliest")))).all().get();
      share(common);
      manage(admin);
    }
  }

  static AlterConfigOp set(String name, String value) {
    return new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET);
  }

  static Map<String, Object> with(Map<String, Object> common, String... pairs) {
    Map<String, Object> all = new HashMap<>(common);
    for (int i = 0; i < pairs.length; i += 2) all.put(pairs[i], pairs[i + 1]);
    for (String side : List.of("key", "value"))
      for (String way : List.of("Serializer", "Deserializer"))
        all.put(side + "." + way.toLowerCase(), "org.apache.kafka.common.serialization.String" + way);
    return all;
  }

  static void produce(Map<String, Object> common, String codec, String acks) throws Exception {
    String topic = acks.equals("0") ? "j-beats" : "j-orders";
    Map<String, Object> config =
        with(common, "client.id", "j-" + codec + acks, "compression.type", codec, "acks", acks, "linger.ms", "50", "enable.idempotence", "false");
    try (Producer<String, String> producer = new KafkaProducer<>(config)) {
      for (int i = 0; i < RECORDS; i++)
        producer.send(new ProducerRecord<>(topic, 0, "key-" + i, "hidden value " + "x".repeat(10 * i)));
      producer.flush();
    }
  }

  static void transact(Map<String, Object> common) throws Exception {
    Map<String, Object> config = with(common, "client.id", "j-transaction", "transactional.id", "j-once");
    try (Producer<String, String> producer = new KafkaProducer<>(config)) {
      producer.initTransactions();
      producer.beginTransaction();
      producer.send(new ProducerRecord<>("j-orders", 1, null, "hidden"));
      producer.commitTransaction();
    }
  }

  static void consume(Map<String, Object> common, String group) throws Exception {
    Map<String, Object> config = with(common, "client.id", group, "group.id", group, "auto.offset.reset", "earliest", "enable.auto.commit", "false");
    int records = 0;
    try (Consumer<String, String> consumer = new KafkaConsumer<>(config)) {
      consumer.subscribe(List.of("j-orders"));
      while (records <= 5 * RECORDS) records += consumer.poll(Duration.ofMillis(500)).count();
      consumer.commitSync();
    }
  }

  static void share(Map<String, Object> common) throws Exception {
    Map<String, Object> config = with(common, "client.id", "j-share", "group.id", "j-share", "share.acknowledgement.mode", "explicit");
    int records = 0;
    try (ShareConsumer<String, String> consumer = new KafkaShareConsumer<>(config)) {
      consumer.subscribe(List.of("j-orders"));
      while (records <= 5 * RECORDS)
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(500))) {
          consumer.acknowledge(record, AcknowledgeType.ACCEPT);
          records++;
        }
      consumer.commitSync();
    }
  }

  static void manage(Admin admin) throws Exception {
    admin.deleteRecords(Map.of(new TopicPartition("j-orders", 0), RecordsToDelete.beforeOffset(3))).all().get();
    ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, "1");
    AlterConfigOp secret = set("listener.name.tls.ssl.key.password", "hunter2");
    AlterConfigOp plain = set("log.cleaner.threads", "2");
    try {
      admin.incrementalAlterConfigs(Map.of(broker, List.of(secret, plain))).all().get();
    } catch (ExecutionException refused) {
      // It was asked all the same.
    }
    admin.describeConfigs(List.of(broker)).all().get();
    ScramCredentialInfo info = new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096);
    admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion("jane", info, "hunter2"))).all().get();
    admin.describeUserScramCredentials().all().get();
    admin.describeConsumerGroups(List.of("j-classic")).all().get();
    admin.listGroups().all().get();
    admin.describeCluster().nodes().get(10, TimeUnit.SECONDS);
    admin.describeTopics(List.of("j-orders")).allTopicNames().get();
    admin.deleteTopics(List.of("j-beats")).all().get();
  }
}
