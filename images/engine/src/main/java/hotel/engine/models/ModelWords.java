package hotel.engine.models;

import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;

/** The words of BPMN, of the engine's extensions and of DMN that a model may use. */
final class ModelWords {

    static final String BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL";
    static final Set<String> EXTENSIONS = Set.of("http://operaton.org/schema/1.0/bpmn",
            "http://operaton.org/schema/1.0/dmn", "http://camunda.org/schema/1.0/bpmn",
            "http://camunda.org/schema/1.0/dmn", "http://activiti.org/bpmn");
    /** How diagrams look. */
    static final Set<String> DRAWING = Set.of("http://www.omg.org/spec/BPMN/20100524/DI",
            "http://www.omg.org/spec/DD/20100524/DC", "http://www.omg.org/spec/DD/20100524/DI",
            "https://www.omg.org/spec/DMN/20180521/DMNDI/", "https://www.omg.org/spec/DMN/20191111/DMNDI/",
            "https://www.omg.org/spec/DMN/20230324/DMNDI/", "http://www.omg.org/spec/DMN/20180521/DI/",
            "http://www.omg.org/spec/DMN/20180521/DC/", "http://www.omg.org/spec/DMN/20180521/DMNDI/");

    static final Set<String> BPMN_ELEMENTS = words("""
            association boundaryEvent businessRuleTask callActivity cancelEventDefinition category categoryValue
            categoryValueRef childLaneSet collaboration compensateEventDefinition completionCondition condition
            conditionExpression conditionalEventDefinition dataInput dataInputAssociation dataInputRefs dataObject
            dataObjectReference dataOutput dataOutputAssociation dataOutputRefs dataState dataStore
            dataStoreReference definitions documentation endEvent error errorEventDefinition escalation
            escalationEventDefinition eventBasedGateway exclusiveGateway extensionElements flowNodeRef
            formalExpression group humanPerformer inclusiveGateway incoming inputDataItem inputSet
            intermediateCatchEvent intermediateThrowEvent ioSpecification itemDefinition lane laneSet
            linkEventDefinition loopCardinality loopDataInputRef manualTask message messageEventDefinition messageFlow
            multiInstanceLoopCharacteristics outgoing outputDataItem outputSet parallelGateway participant
            participantMultiplicity performer potentialOwner process property receiveTask resource
            resourceAssignmentExpression resourceRef sendTask sequenceFlow serviceTask signal signalEventDefinition
            source sourceRef standardLoopCharacteristics startEvent subProcess target targetRef task
            terminateEventDefinition text textAnnotation timeCycle timeDate timeDuration timerEventDefinition
            transaction userTask""");

    static final Set<String> EXTENSION_ELEMENTS = words("""
            constraint entry errorEventDefinition executionListener expression failedJobRetryTimeCycle field formData
            formField formProperty formalExpression in inputOutput inputParameter list map out outputParameter
            potentialStarter properties property resourceAssignmentExpression string taskListener validation value""");

    /** Attributes of the extensions, at elements of BPMN and at the extensions' own. */
    static final Set<String> EXTENSION_ATTRIBUTES = words("""
            assignee async asyncAfter asyncBefore businessKey calledElementBinding calledElementTenantId
            calledElementVersion calledElementVersionTag candidateGroups candidateStarterGroups candidateStarterUsers
            candidateUsers collection config datePattern decisionRef decisionRefBinding decisionRefTenantId
            decisionRefVersion decisionRefVersionTag default defaultValue diagramRelationId dueDate elementVariable
            errorCodeVariable errorMessage errorMessageVariable errorRef escalationCodeVariable event exclusive
            expression followUpDate formKey formRef formRefBinding formRefVersion historyTimeToLive id initiator
            inputVariable isStartableInTasklist jobPriority key label local mapDecisionResult
            modelerTemplate modelerTemplateIcon modelerTemplateVersion name priority readable required resultVariable
            resultVariableName source sourceExpression stringValue target taskPriority topic type value variable
            variableEvents variableName variables versionTag writable""");

    static final Set<String> DECISION_ELEMENTS = words("""
            allowedAnswers allowedValues annotation annotationEntry association authorityRequirement
            businessKnowledgeModel decision decisionTable definitions description documentation
            encapsulatedLogic extensionElements informationRequirement input inputData inputEntry inputExpression
            inputValues itemComponent itemDefinition knowledgeRequirement knowledgeSource literalExpression output
            outputEntry outputValues question requiredAuthority requiredDecision requiredInput requiredKnowledge rule
            source target text textAnnotation typeRef variable""");

    private ModelWords() {}

    private static Set<String> words(String text) {
        return Arrays.stream(text.strip().split("\\s+")).collect(Collectors.toUnmodifiableSet());
    }
}
